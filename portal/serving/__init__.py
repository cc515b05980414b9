"""How gunicorn serves the portal: gunicorn.conf.py, at the top, chooses the worker in here."""
