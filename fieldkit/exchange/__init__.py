"""Other people's formats: spreadsheets, XLSForm, FHIR and reports."""
