"""GitHub's REST API, as far as issues go: calls in, documented replies out, a world changed.

``entry`` takes a call through the same checks as the real one (user agent, credential, primary
limit, route, repository, permission, secondary limit); ``issues``, ``details`` and ``accounts``
do the work; ``bodies`` and ``repository_body`` render; ``errors`` refuses; ``listing`` pages.
``canned`` is the catalogue of refusals and mishaps that tests and faults answer with.
"""
