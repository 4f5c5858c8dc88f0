"""What belongs to the project and to no room: its pages, packages, image and deployment."""
