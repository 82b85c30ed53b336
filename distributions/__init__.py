"""Numbers: addresses to draws, data and beliefs to laws."""
