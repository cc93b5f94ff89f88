"""Word and Excel files, and PDFs' own text, to tables with slots: no pixels are looked at."""
