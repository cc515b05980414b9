"""Why a back-up can't be made, believed or restored."""


class Fault(Exception):
    """In one or several sentences, for whoever runs the command; nothing half done is left."""
