"""Names of the sheets that others lead to."""

FORM, SOURCES = "汇总表", "来源"
