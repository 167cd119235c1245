"""Does a run's memory grow with its size? Peaks of intake and workers for a small run and a large one."""

from xconnector.testing.bench.measured import Figure
from xconnector.testing.bench.orchestration import measure_run

MEBIBYTE = 1024 * 1024


def memory_figures(server_url: str, *, small: int, large: int, by_print: bool = False) -> list[Figure]:
    """Measure a small run and a large one, to a sink or as print bundles into a folder."""
    way = "to print" if by_print else "to a sink"
    less = measure_run(server_url, records=small, batch_size=500, by_print=by_print)
    more = measure_run(server_url, records=large, batch_size=500, by_print=by_print)
    return [
        Figure(name=f"intake's peak, {small:,} records {way}", value=less.intake.peak_bytes / MEBIBYTE, unit="MiB"),
        Figure(name=f"intake's peak, {large:,} records", value=more.intake.peak_bytes / MEBIBYTE, unit="MiB"),
        Figure(name="intake's growth", value=more.intake.peak_bytes / less.intake.peak_bytes, goal="<= 1.1"),
        Figure(name=f"largest worker's peak, {small:,} records {way}", value=less.worker_peak / MEBIBYTE, unit="MiB"),
        Figure(name=f"largest worker's peak, {large:,} records", value=more.worker_peak / MEBIBYTE, unit="MiB"),
        Figure(name="workers' growth", value=more.worker_peak / less.worker_peak, goal="<= 1.1"),
    ]
