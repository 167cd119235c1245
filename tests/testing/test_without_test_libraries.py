"""`xconnector bench` and `chaos` run where only what the product needs is installed."""

import subprocess
import sys

PROGRAM = """
import sys

class OnlyInDevelopment:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"pytest", "pytest_asyncio", "hypothesis", "psutil", "PIL", "zxingcpp"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, OnlyInDevelopment())
import xconnector.testing.bench.parts, xconnector.testing.bench.program, xconnector.testing.chaos
"""


def test_bench_and_chaos_need_no_test_library() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
