"""The forms: read from YAML, checked, evaluated and scored."""
