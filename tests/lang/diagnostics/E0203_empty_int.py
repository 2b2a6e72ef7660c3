from psockmc.lang import Int

size = Int[3, 0]
