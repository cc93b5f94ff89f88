"""Where slots stand: the printed sentence, headings and labels, laid through what recognisers see of a page."""
