"""Resolution: nine steps from identifiers to route directives, data moving one way.

normalize → expand → retrieve → capabilities → policies → rank → assemble → trace → cache, composed in
``resolve``. Only ``retrieve`` touches the database; time, caller, settings and data are handed in.
"""
