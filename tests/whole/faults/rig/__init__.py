"""The gateway under load, what harms it, and what proves that nothing was lost."""
