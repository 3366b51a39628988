"""The app in the browser, served on this machine alone."""
