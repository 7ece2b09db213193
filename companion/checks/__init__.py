"""The exercises, one module a chapter; each defines `EXERCISES`, in the order of its notebook."""
