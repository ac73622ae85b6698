"""What is in a home: one walk over it, and what that found."""
