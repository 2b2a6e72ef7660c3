from psockmc.lang import *
