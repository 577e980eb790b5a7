"""The paper list itself: records, the rules of sameness, search, and the SQL beneath them."""
