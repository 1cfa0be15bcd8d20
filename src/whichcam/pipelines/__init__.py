"""One question a module: what the verbs of whichcam do."""

from whichcam.pipelines._identify import Candidate, Identification, identify

__all__ = ["Candidate", "Identification", "identify"]
