"""汇总.xlsx: totals in the form's own layout, and every figure's way back to the page that it stands on."""
