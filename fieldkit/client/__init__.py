"""The workspace: the one object that scripts, commands and the app call."""
