export { Placeability } from './placeability.ts';
