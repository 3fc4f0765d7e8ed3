"""Six empty tasks of Luigi, each a target file and a process, with the local scheduler. Prints the seconds."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import luigi

FOLDER = Path(tempfile.mkdtemp())


class Step(luigi.Task):
    index = luigi.IntParameter()

    def requires(self):
        return [Step(index=self.index - 1)] if self.index else []

    def output(self):
        return luigi.LocalTarget(str(FOLDER / f"s{self.index}"))

    def run(self):
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        with self.output().open("w") as done:
            done.write("")


start = time.perf_counter()
assert luigi.build([Step(index=5)], local_scheduler=True, no_lock=True, log_level="ERROR")
print(time.perf_counter() - start)
