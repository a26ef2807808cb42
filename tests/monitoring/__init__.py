"""What watches Monarch: rules, board and what promtool says of them."""
