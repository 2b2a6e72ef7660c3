import models.skmsg
from . import skmsg
