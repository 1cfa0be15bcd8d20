"""One question a module: what the verbs of whichcam do."""

from whichcam.pipelines._identify import Candidate, Identification, identify
from whichcam.pipelines._identify_many import identify_many

__all__ = ["Candidate", "Identification", "identify", "identify_many"]
