"""Long pieces of work: a scheduler that runs the queue, a worker process for each job, and what a job can be."""
