from ocs.agent import run
from ocs.services.archiver import Archiver

run(Archiver)
