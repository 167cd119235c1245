"""xConnector: integration and orchestration around OpenText Exstream.

One communication has one identity from the source event to the archived proof, and the system always knows how many
there should be. `ARCHITECTURE.md` shows the house; `pipeline/communicate.py` shows the main path.
"""
