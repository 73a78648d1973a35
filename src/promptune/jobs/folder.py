"""What lies in a job's folder, whatever its kind. The folder's name is the job's id."""

SPEC = "job.json"  # frozen when the job was queued, written by the scheduler before it starts the worker
LOCK = "worker.lock"  # held by the worker as long as it lives
LOG = "worker.log"  # what it prints
PROGRESS = "progress.jsonl"

DISK_IS_FULL = 74  # a worker's exit code when not even its last word could be written
