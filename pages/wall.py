"""What must be seen from five metres, all day, with nobody at the keys?"""

from ui.wall import wall

wall.show()
