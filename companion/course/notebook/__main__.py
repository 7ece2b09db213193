"""`python -m companion.course.notebook --check | --write FILES`."""

import sys

from companion.course.notebook.formatter import main

sys.exit(main())
