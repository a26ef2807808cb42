"""What commands write to the terminal: tables, bars, JSON, complaints."""
