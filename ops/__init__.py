"""Starting Leadrelay on one machine. Standard library only: it runs before anything else."""
