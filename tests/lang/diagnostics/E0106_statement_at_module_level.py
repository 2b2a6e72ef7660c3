"""A loop that Python would run."""

for i in range(3):
    pass

print("hello")
