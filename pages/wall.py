"""What must be seen from five metres, all day, with nobody at the keys?"""

from ui import wall

wall.show()
