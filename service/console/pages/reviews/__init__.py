"""The queue of review cases, and the page on which a person looks at one and concludes."""

from service.console.pages.reviews import bulk, case, claims, conclusions, opening, queue

ROUTERS = (queue.router, bulk.router, opening.router, case.router, claims.router, conclusions.router)
