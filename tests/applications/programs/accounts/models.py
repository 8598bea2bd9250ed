from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """With the field that drfpasswordless looks for."""

    mobile = models.CharField(max_length=20, blank=True)
    REQUIRED_FIELDS = ()
