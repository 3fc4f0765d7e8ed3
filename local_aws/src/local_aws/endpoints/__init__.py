"""Endpoints: configurations, fleets of instances, deployments that shift traffic, and the runtime that answers."""
