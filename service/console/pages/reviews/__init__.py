"""The queue of review cases, and the page on which a person looks at one and concludes."""

from service.console.pages.reviews import bulk, case, claims, conclusions, queue

ROUTERS = (queue.router, bulk.router, case.router, claims.router, conclusions.router)
