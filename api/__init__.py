"""The Web API v3 at `api.PARENT_HOST`: a module per noun, whose operations call verbs and finders
that pages call, too. What an entity looks like on the wire stands in a module `wire` of its room.
"""
