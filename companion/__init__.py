"""A Keras companion to the textbook 《大规模语言模型：从理论到实践》.

This file only gives TensorFlow's environment variables their defaults, before anything imports
Keras; a value that the user has set is kept.
"""

import os

ONEDNN_WAS_ASKED = "TF_ENABLE_ONEDNN_OPTS" in os.environ  # by the user, who is then obeyed
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no start-up noise on stderr
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # training on a CPU is 1.3× faster with it
