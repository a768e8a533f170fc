-- Puts a job of a schema into the queue: all that the application's role may do there.
CREATE FUNCTION public.job_enqueue(job_schema text, job_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        'jobs', 'perform_job', 0, job_schema, NULL,
        jsonb_build_object('schema_name', job_schema, 'job_id', job_id), NULL
    )::procrastinate_job_to_defer_v1])
$$;
