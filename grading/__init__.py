"""The domain: courses, assignments, submissions, queue, batches, results, review and the gradebook outbox."""
