"""The kit that tests connectors and projects, ours and third parties' alike."""

import sys

# Measuring and chaos live here too and need no pytest.
if "pytest" in sys.modules:
    import pytest

    # The suites' assertions tell what they compared, as those in a test module do.
    pytest.register_assert_rewrite("xconnector.testing.conformance")
