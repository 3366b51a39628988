"""Forms: a file in XLSForm's words becomes questions that can be asked and judged.

The walk within: `source` (text with places), `document` (the file's shape), `build`
and `checks` (its sense), `form`, then `evaluate` or `bulk`, `score`, `contested`.
`registry` holds every version; `check` is asked of a form before it is published.
"""
