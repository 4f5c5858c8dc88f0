"""What all pages share: sessions, forms, languages, templates, headers, errors."""
