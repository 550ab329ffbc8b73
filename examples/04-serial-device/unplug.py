"""Pull the cable of a simulated device for a while, and see what its process makes of it."""

import sys
import threading

from ocs.client import connect
from ocs.client.settings import find_place
from ocs.link.simulator import ask_control
