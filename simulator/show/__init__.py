"""Pictures, pages and screens of a result; the only package that draws."""
